"""The web page: plain HTML, CSS and JavaScript modules, in `static/` as they are sent."""
