"""The command ``allcores``. It stands on top: it imports what is public, and nothing imports it."""
