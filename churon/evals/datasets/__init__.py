"""One reader a format: a file or folder becomes a `Dataset`, documents and cases."""
