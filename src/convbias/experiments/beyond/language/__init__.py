"""Language: does convolution suit a text, of which every character may matter to a later one?"""
