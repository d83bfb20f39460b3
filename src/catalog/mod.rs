//! Products, variants, collections, media and their search.
