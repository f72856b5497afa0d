"""The trained recognisers that come with the program, a folder each. `extractor train` makes them; their cards are in models/."""
