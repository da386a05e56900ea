"""A model says whether whole answers are right: asked after a run, of the rows that it left."""
