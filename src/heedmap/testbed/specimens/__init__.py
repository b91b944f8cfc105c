"""heedmap's own tiny vision-language-action policies, trained on BabyAI rooms."""
