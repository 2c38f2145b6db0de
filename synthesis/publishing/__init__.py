"""A set that was approved on its way into the `synthetic` storage and out of it by signed links."""
