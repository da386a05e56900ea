"""Doors over the network: one app, one toolkit, one gate in front of every door.

`app.create_app` makes the app; `gate` holds what all doors share (keys, limits, cancellation,
metrics); `run` is the only place that runs a graph; a door turns its protocol into a question and
what happens into answers.
"""
