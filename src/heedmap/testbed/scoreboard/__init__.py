"""The ladder judged on policies whose truth is known."""
