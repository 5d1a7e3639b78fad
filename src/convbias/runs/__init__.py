"""Trains, measures and stores: arms and seeds in, records and networks out."""
