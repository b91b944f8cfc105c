"""What a published attention table can and cannot prove, read without any model."""
