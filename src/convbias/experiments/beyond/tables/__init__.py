"""Tables: does convolution suit columns whose order is arbitrary?"""
