"""From a limit that runs out to a person who knows: who is told, by which channel, and whether it arrived."""
