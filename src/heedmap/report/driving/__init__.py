"""What came of driving a policy in a simulator: values, sentences, and the page."""
