"""The standard ``threading`` module's surface, faster, and what it lacks."""
