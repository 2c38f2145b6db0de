"""Reading medical image files safely: screening, headers, archives, pixels and de-identification."""
