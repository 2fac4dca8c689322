#!/bin/sh
# make-english.sh <work folder>: makes ../models/en.phones anew, in a quarter of an hour. Run it in the project's root
# after `npm run build`; README.md beside this file tells what must be installed. The model that is there finds where
# the phones of the recorded voices are; so a second run is also a second alignment.
set -eu
work=$1
tools=dist/src/speech/engines/phrasebook/training
trainer=src/speech/engines/phrasebook/training/train.py
model=src/speech/engines/phrasebook/models/en.phones
export OPENBLAS_NUM_THREADS=1
mkdir -p "$work"

# What is there already from a run that was cut off is not made again.
espeak() {
  [ -e "$work/en-$1.bin" ] || node $tools/make-corpus.js "$work/en-$1.bin" 20 en "$1"
}
speak() {
  [ -e "$work/$1/list.tsv" ] || node $tools/make-speakers.js "$1" "$work/$1" 1200 "$2"
}
align() {
  node $tools/make-recorded-corpus.js "$work/$1.bin" $model "$work/$1/list.tsv" "$2" "$3"
}
(espeak 21 && speak pico-us 11 && align pico-us 2 5 && speak ked 13 && align ked 2 8) &
espeak 22
speak pico-gb 12
align pico-gb 2 6
speak allison 1
align allison 3 7
[ -e "$work/kal.bin" ] || node $tools/make-flite-corpus.js "$work/kal.bin" 1300 77
wait

# The calibration is measured on two voices with a network that never heard them, and given to the one that did.
strangers="$work/en-21.bin $work/en-22.bin $work/ked.bin $work/pico-gb.bin $work/allison.bin"
python3 $trainer en "$work/en.phones" $strangers "$work/pico-us.bin" "$work/kal.bin" &
python3 $trainer en "$work/strangers.phones" $strangers
wait
node $tools/calibrate.js "$work/strangers.phones" en "$work/en.phones"
cp "$work/en.phones" $model
