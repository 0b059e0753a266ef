#!/usr/bin/env bash
# A tokenizer.json keeps the truncation and the padding of whoever saved it, and encode obeys.
#
# Fine-tuning tools switch them on and save the folder of the text model so. Whoever opens the file and
# encodes a text then gets its first few tokens, or more tokens than it has, without a word: a
# perplexity of a part, and words with padding behind them. We switch both off
# (models/language/text_tokens.py).
# Seen with tokenizers 0.23.3.
# Needs: python3-venv.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --quiet --disable-pip-version-check install --no-deps tokenizers==0.23.3
"$folder/venv/bin/python" - "$folder/tokenizer.json" <<'PYTHON'
import sys
import tokenizers
from tokenizers import Tokenizer, models, pre_tokenizers

saved = Tokenizer(models.WordLevel({"a": 0, "b": 1, "[PAD]": 2}, unk_token="[PAD]"))
saved.pre_tokenizer = pre_tokenizers.Whitespace()
saved.enable_truncation(3)
saved.enable_padding(length=4, pad_id=2)
saved.save(sys.argv[1])
opened = Tokenizer.from_file(sys.argv[1])
long, short = opened.encode("a b a b a b").ids, opened.encode("a").ids
opened.no_truncation()
opened.no_padding()
whole = opened.encode("a b a b a b").ids
print(f"tokenizers {tokenizers.__version__}; six words: {long}; one: {short}; switched off: {whole}")
sys.exit(0 if (long, short, len(whole)) == ([0, 1, 0, 2], [0, 2, 2, 2], 6) else "It has changed.")
PYTHON
