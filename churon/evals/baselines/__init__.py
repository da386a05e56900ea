"""What the graphs are measured against: the model alone, and one agent with tools."""
