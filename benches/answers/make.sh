#!/usr/bin/env bash
# make.sh FOLDER: labelled clips of what answers a call, 8 kHz mono, made with espeak-ng and sox.
#
# Each clip is named <label>-<kind>-<number>.wav; the label is what a detector should say: human,
# machine, fax, network, unsure. What is spoken is followed by the quiet of a line up to 8 s.
set -euo pipefail
folder=$1
mkdir -p "$folder"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
number=0

# A voice says a text: say VOICE SPEED PITCH TEXT
say() {
  espeak-ng -v "$1" -s "$2" -p "$3" -w "$work/raw.wav" -- "$4" 2>/dev/null
  # The telephone's band, and levels that differ from call to call.
  sox -V1 -R "$work/raw.wav" -r 8000 -c 1 -b 16 "$work/voice.wav" \
    silence 1 0.01 0.1% reverse silence 1 0.01 0.1% reverse sinc 300-3400 norm "$level"
}

# Comfort noise from the end of what is said on: comfort DELAY
comfort() {
  local from
  from=$(awk -v delay="$1" -v said="$(soxi -D "$work/voice.wav")" 'BEGIN { print delay + said }')
  sox -V1 -R -r 8000 -c 1 -b 16 -n "$work/noise.wav" synth 8 whitenoise gain -34 pad "$from" 0 trim 0 8
}

# A whole clip of what is in voice.wav: clip LABEL KIND DELAY LINE
clip() {
  number=$((number + 1))
  sox -V1 -R "$work/voice.wav" "$work/placed.wav" pad "$3" 8 trim 0 8
  case $4 in
    clean) cp "$work/placed.wav" "$work/line.wav" ;;
    hiss) sox -V1 -R -r 8000 -c 1 -b 16 -n "$work/noise.wav" synth 8 whitenoise gain -48 ;;
    room) sox -V1 -R -r 8000 -c 1 -b 16 -n "$work/noise.wav" synth 8 pinknoise gain -36 ;;
    street) sox -V1 -R -r 8000 -c 1 -b 16 -n "$work/noise.wav" synth 8 brownnoise synth 8 sine amod 0.7 40 gain -30 ;;
    hum) sox -V1 -R -r 8000 -c 1 -b 16 -n "$work/noise.wav" synth 8 sine $((360 + 40 * (turn % 5))) gain -34 ;;
    comfort) comfort "$3" ;;
  esac
  [ "$4" = clean ] || sox -V1 -R -m -v 1 "$work/placed.wav" -v 1 "$work/noise.wav" "$work/line.wav"
  # A-law there and back, as on the wire.
  sox -V1 -R "$work/line.wav" -e a-law "$work/line.al"
  sox -V1 -R -t al -r 8000 -c 1 "$work/line.al" -e signed -b 16 \
    "$folder/$1-$2-$(printf %03d "$number").wav"
}

lines=(clean hiss room street)
delays=(0.2 0.6 1.0 0.3 1.4)
levels=(-6 -12 -18 -9)
turn=0
# What changes from clip to clip.
next() {
  turn=$((turn + 1))
  line=${lines[turn % 4]}
  delay=${delays[turn % 5]}
  level=${levels[(turn / 3) % 4]}
  speed=$((130 + (turn * 17) % 70))
  pitch=$((25 + (turn * 13) % 50))
}

zh_voices=(cmn cmn+f2 cmn+m3 cmn+f4)
en_voices=(en-us en-gb+f3 en-us+m7 en-gb)

zh_people=('喂？' '喂，你好。' '你好。' '喂，哪位？' '喂，您好，请问哪位？' '说。' '喂，谁啊？' '喂？喂？' '哎，你好。' '喂，什么事？')
en_people=('Hello?' 'Hello, who is this?' 'Yeah?' 'Hi, this is John.' 'Hello? Hello?' 'Speaking.' 'Yes, hello.' 'Smith residence.' "Hello, it's Mary." 'Hey.')
zh_offices=('您好，这里是蓝天公司，请问有什么可以帮您？' '你好，售后服务部，我姓王。' '您好，东方酒店前台，请讲。')
en_offices=('Good morning, Acme Corporation, how may I help you?' 'Sales department, this is Peter.' 'Thank you for calling Miller and Sons, Jane speaking.')
zh_machines=('您好，我现在不方便接听电话，请在提示音后留言，我会尽快给您回复。' '您拨打的用户暂时无法接听，请在滴声之后留言，留言完毕请挂机。' '这里是语音信箱，请留下您的姓名和电话号码，谢谢您的来电。' '您好，您所拨打的电话正在通话中，请稍后再拨。' '您好，这是张伟的语音留言，我不在办公室，请在哔声后留言。')
en_machines=("Hi, you have reached John Smith. I can't come to the phone right now, please leave a message after the beep." 'Your call has been forwarded to an automatic voice message system. At the tone, please record your message.' "Hello, this is the Miller family. We are not at home. Please leave your name and number." 'The person you are trying to reach is not available. Please leave a message after the tone.' "Hey, it's Sam. Leave a message.")

for round in 0 1 2 3 4; do
  for index in "${!zh_people[@]}"; do
    next; say "${zh_voices[(index + round) % 4]}" "$speed" "$pitch" "${zh_people[index]}"; clip human zh "$delay" "$line"
    next; say "${en_voices[(index + round) % 4]}" "$speed" "$pitch" "${en_people[index]}"; clip human en "$delay" "$line"
  done
  for index in "${!zh_offices[@]}"; do
    next; say "${zh_voices[(index + round) % 4]}" "$speed" "$pitch" "${zh_offices[index]}"; clip human office-zh "$delay" "$line"
    next; say "${en_voices[(index + round) % 4]}" "$speed" "$pitch" "${en_offices[index]}"; clip human office-en "$delay" "$line"
  done
done

for round in 0 1 2 3 4 5; do
  for index in "${!zh_machines[@]}"; do
    next; say "${zh_voices[(index + round) % 4]}" "$speed" "$pitch" "${zh_machines[index]}"; beep=$((600 + (turn * 137) % 1200))
    sox -V1 -R -r 8000 -c 1 -b 16 -n "$work/beep.wav" synth 0.4 sine $beep gain -10 pad 0.4 0
    cp "$work/voice.wav" "$work/said.wav"; sox "$work/said.wav" "$work/beep.wav" "$work/voice.wav"
    clip machine zh "$delay" "$line"
    next; say "${en_voices[(index + round) % 4]}" "$speed" "$pitch" "${en_machines[index]}"; beep=$((600 + (turn * 137) % 1200))
    sox -V1 -R -r 8000 -c 1 -b 16 -n "$work/beep.wav" synth 0.4 sine $beep gain -10 pad 0.4 0
    cp "$work/voice.wav" "$work/said.wav"; sox "$work/said.wav" "$work/beep.wav" "$work/voice.wav"
    clip machine en "$delay" "$line"
  done
done

# Special information tones of E.180, then what the network says.
for tones in '950 1400 1800 0.33' '913.8 1370.6 1776.7 0.38' '985.2 1428.5 1776.7 0.276' '950 1400 1800 0.33'; do
  read -r one two three length <<<"$tones"
  for kind in 1 2; do
    next
    for part in "$one" "$two" "$three"; do
      sox -V1 -R -r 8000 -c 1 -b 16 -n "$work/sit-$part.wav" synth "$length" sine "$part" gain -12
    done
    say "${zh_voices[turn % 4]}" "$speed" "$pitch" '您拨打的号码是空号，请核对后再拨。'
    cp "$work/voice.wav" "$work/said.wav"
    sox "$work/sit-$one.wav" "$work/sit-$two.wav" "$work/sit-$three.wav" "$work/said.wav" "$work/voice.wav"
    clip network "sit-$kind" "$delay" "$line"
  done
done

for kind in 1100:0.5 2100:3; do
  for _ in 1 2 3 4 5; do
    next
    sox -V1 -R -r 8000 -c 1 -b 16 -n "$work/voice.wav" synth "${kind#*:}" sine "${kind%:*}" gain -12
    clip fax "${kind%:*}" "$delay" "$line"
  done
done

sox -V1 -R -r 8000 -c 1 -b 16 -n "$work/voice.wav" trim 0 0.1
for line in clean hiss room street; do
  for _ in 1 2 3 4; do clip unsure silence 0.2 "$line"; done
done
# Answering tones whose phase turns by half a wave every 450 ms (V.25), and which swell 15 times a
# second (V.8, ANSam). They begin in the middle of a frame.
for kind in ans ansam; do
  for _ in 1 2 3 4 5; do
    next
    sox -V1 -R -r 8000 -c 1 -b 16 -n "$work/up.wav" synth 0.45 sine 2100 gain -12
    sox -V1 -R "$work/up.wav" "$work/down.wav" vol -1
    sox "$work/up.wav" "$work/down.wav" "$work/ans.wav" repeat 3
    sox -V1 -R "$work/ans.wav" "$work/ansam.wav" synth 3.6 sine amod 15 67
    sox -V1 -R "$work/$kind.wav" "$work/voice.wav" pad 0.005 0
    clip fax "$kind" "$delay" "$line"
  done
done

# People on a line that hums, or that is filled with comfort noise once they have spoken.
for index in "${!zh_people[@]}"; do
  next; say "${zh_voices[index % 4]}" "$speed" "$pitch" "${zh_people[index]}"; clip human hum "$delay" hum
  next; say "${en_voices[index % 4]}" "$speed" "$pitch" "${en_people[index]}"; clip human hum "$delay" comfort
done
echo "$number clips in $folder"
