"""How many images the bias is worth: both networks on nested subsets, with equally many steps."""
