#!/usr/bin/env bash
# talk_off.sh FOLDER: speech in which no keys are pressed, by many voices and full of vowels, then chords and
# noise; 8 kHz mono, made with espeak-ng and sox.
set -euo pipefail
folder=$1
mkdir -p "$folder"
raw=$(mktemp --suffix=.wav)
trap 'rm -f "$raw"' EXIT

en="The beige hue on the waters of the loch impressed all, including the French queen, before she heard that symphony again, just as young Arthur wanted. Eee, oooh, aaah, my oh my, who knew you do? Moo, boo, two, new, blue shoes. We were away a year ago. Please leave a message, zero one two three four five six seven eight nine. Are you really sure you owe me money, Louise? Many men may marry many merry women in May. I see three free trees, I need to read a weekly review."
zh="一二三四五六七八九零。您好，请问您找哪位？我一会儿再给您打过去。这个月的账单已经发到您的邮箱里了，请您尽快查收。是的，是的，没有问题，我们明天下午三点钟在公司门口见面吧。妈妈骑马，马慢，妈妈骂马。四是四，十是十，十四是十四，四十是四十。啊，哦，嗯，呜，衣，鱼，医院里有一位姨婆。"
turn=0
for voice in f1 f2 f3 f4 f5 m1 m2 m3 m4 m5 m6 m7 Annie Andy whisper klatt klatt2 klatt3 klatt4 croak; do
  for language in en-us en-gb cmn de fr-fr es it; do
    for pitch in 10 45 80; do
      turn=$((turn + 1))
      text=$en
      [ "$language" = cmn ] && text=$zh
      espeak-ng -v "$language+$voice" -s $((110 + (turn * 37) % 110)) -p "$pitch" -w "$raw" -- "$text" 2>/dev/null
      sox -V1 -R "$raw" -r 8000 -c 1 -b 16 "$folder/speech-$turn.wav" sinc 250-3400 norm -3
    done
  done
done

for low in 262 294 330 349 392 440 494 523 587 659 698 784 880; do
  for high in 988 1047 1175 1319 1397 1568; do
    sox -V1 -R -r 48000 -c 1 -b 16 -n "$raw" synth 0.3 pluck "$low" synth 0.3 pluck mix "$high" repeat 3
    sox -V1 -R "$raw" -r 8000 "$folder/chord-$low-$high.wav" norm -6
  done
done
for colour in white pink brown; do
  for level in -6 -20 -30; do
    sox -V1 -R -r 8000 -c 1 -b 16 -n "$folder/noise-$colour$level.wav" synth 60 "${colour}noise" gain "$level"
    sox -V1 -R -r 8000 -c 1 -b 16 -n "$folder/noise-$colour-band$level.wav" synth 60 "${colour}noise" \
      sinc 600-1700 gain -n "$level"
  done
done
