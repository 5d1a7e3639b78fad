"""The original comparison with the recipe that the original study may have used."""
