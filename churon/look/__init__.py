"""What all pages share: colours, type, and the making of elements without markup."""
