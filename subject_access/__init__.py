"""The page on which a person sees and takes away everything that is held about them."""
