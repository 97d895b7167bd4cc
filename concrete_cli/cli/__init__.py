"""What a person types: each command parses, calls one function and renders."""
