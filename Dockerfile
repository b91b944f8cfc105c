# docker build --tag heedmap . && docker run --rm --volume "$PWD/heedmap-demo:/heedmap/heedmap-demo" heedmap
FROM python:3.11-slim
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends make git \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /heedmap
COPY . .
RUN python3.11 -m venv .venv \
  && .venv/bin/pip install --no-cache-dir --constraint constraints.txt --editable '.[all]' \
  && touch .venv/.complete
CMD ["make", "demo"]
