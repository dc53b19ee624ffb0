"""``python -m tugan_weave FOLDER [SEED]``: write a model folder."""

import sys

import tugan
from tugan_weave.make import random_weave

tugan.save_pretrained(random_weave(int((sys.argv[2:] or ["0"])[0])), sys.argv[1])
