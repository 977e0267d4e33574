#!/usr/bin/env bash
# held_out.sh FOLDER: labelled clips that no threshold was ever chosen on, 8 kHz mono, made with
# espeak-ng and sox. Voices, tempi, texts, bands, noises and codecs are all others than in make.sh.
#
# Each clip is named <label>-<kind>-<number>.wav, as there. Do not tune on these: what is learned
# from them is measured nowhere.
set -euo pipefail
folder=$1
mkdir -p "$folder"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
number=0

# A voice says a text through a telephone's band: say VOICE SPEED PITCH BAND TEXT
say() {
  espeak-ng -v "$1" -s "$2" -p "$3" -w "$work/raw.wav" -- "$5" 2>/dev/null
  sox -V1 -R "$work/raw.wav" -r 8000 -c 1 -b 16 "$work/voice.wav" \
    silence 1 0.01 0.1% reverse silence 1 0.01 0.1% reverse sinc "$4" norm "$level"
}

# Other people in the room: what was said before, much quieter and out of step.
babble() {
  sox -V1 -R "$work/last.wav" "$work/noise.wav" reverse lowpass 2000 pad 0.3 0 repeat 20 trim 0 8 \
    gain -n -42
}

# Comfort noise from the end of what is said on: comfort DELAY
comfort() {
  local from
  from=$(awk -v delay="$1" -v said="$(soxi -D "$work/voice.wav")" 'BEGIN { print delay + said }')
  sox -V1 -R -r 8000 -c 1 -b 16 -n "$work/noise.wav" synth 8 pinknoise gain -24 pad "$from" 0 trim 0 8
}

# A whole clip of what is in voice.wav: clip LABEL KIND DELAY LINE CODEC
clip() {
  number=$((number + 1))
  sox -V1 -R "$work/voice.wav" "$work/placed.wav" pad "$3" 8 trim 0 8
  local quiet=(sox -V1 -R -r 8000 -c 1 -b 16 -n "$work/noise.wav")
  case $4 in
    quiet) "${quiet[@]}" synth 8 whitenoise gain -66 ;;
    hum) "${quiet[@]}" synth 8 sawtooth 50 gain -40 ;;
    wind) "${quiet[@]}" synth 8 brownnoise synth 8 sine amod 0.3 60 lowpass 500 gain -27 ;;
    office) babble ;;
    tone) "${quiet[@]}" synth 8 sine $((420 + 210 * (turn % 4))) gain -36 ;;
    comfort) comfort "$3" ;;
    crackle) "${quiet[@]}" synth 8 whitenoise gain -28 synth 8 square amod 1.7 4 gain -12 ;;
  esac
  sox -V1 -R -m -v 1 "$work/placed.wav" -v 1 "$work/noise.wav" "$work/line.wav"
  cp "$work/placed.wav" "$work/last.wav"
  local wire="$work/wire.${5/mulaw/ul}"
  case $5 in
    mulaw) sox -V1 -R "$work/line.wav" -e mu-law "$wire"
      sox -V1 -R -t ul -r 8000 -c 1 "$wire" -e signed -b 16 "$work/heard.wav" ;;
    gsm) sox -V1 -R "$work/line.wav" "$wire"
      sox -V1 -R "$wire" -r 8000 -c 1 -e signed -b 16 "$work/heard.wav" ;;
    ima) sox -V1 -R "$work/line.wav" -e ima-adpcm "$work/ima.wav"
      sox -V1 -R "$work/ima.wav" -r 8000 -c 1 -e signed -b 16 "$work/heard.wav" ;;
  esac
  mv "$work/heard.wav" "$folder/$1-$2-$(printf %03d "$number").wav"
}

lines=(quiet hum wind office crackle)
codecs=(mulaw gsm ima)
bands=(250-3100 400-2800 300-3600)
delays=(0.1 0.5 0.8 1.2 1.7 0.4 0.9)
levels=(-8 -14 -20 -11)
turn=0
next() {
  turn=$((turn + 1))
  line=${lines[turn % 5]}
  codec=${codecs[(turn / 2) % 3]}
  band=${bands[(turn / 3) % 3]}
  delay=${delays[turn % 7]}
  level=${levels[(turn / 5) % 4]}
  speed=$((140 + (turn * 23) % 85))
  pitch=$((15 + (turn * 29) % 70))
}

zh_voices=(cmn+f1 cmn+m1 cmn+m5 cmn+f5 cmn+m2 cmn+Annie)
en_voices=(en-gb-scotland+f2 en-029+m2 en-gb-x-rp+f1 en-us+f5 en-gb-x-gbclan+m4 en-us+m6 en-gb+Andy)

zh_people=('喂，你找谁？' '哎，喂。' '你好，我是李强。' '嗯？' '喂，听得到吗？' '谁？' '在的，请讲。' '喂，妈？')
en_people=('Hello, Baker here.' "Who's this?" 'Hi there.' 'Good evening.' 'Hello, you got Kim.' "What's up?" 'Anderson.' 'Yes?')
zh_offices=('您好，长城物业客服中心，很高兴为您服务。' '你好，人民医院挂号处。' '您好，海天贸易，小陈为您服务。' '喂，你好，财务部。' '您好，鸿运餐厅，请问几位用餐？' '早上好，华信律师事务所，请问您找哪位？')
en_offices=('Hello, this is Acme, how may I help you?' 'Front desk, how can I direct your call?' 'Northside Dental, this is Karen.' 'Good afternoon, law office of Brown and Green, how may I help you today?' 'Riverside Garage.' 'Hi, thanks for calling Pizza Corner, will this be pickup or delivery?')
zh_machines=('对不起，我现在正在开会，请留言，我稍后回电话给您。' '您好，这里是王先生的电话，嘟声后请留下您的口信。' '感谢您的来电，我们的上班时间是早上九点到下午六点，请您在上班时间再打来。' '欢迎致电远大集团，查询业务请按一，人工服务请按零。' '机主不方便接听您的电话，小秘书为您服务，请问您有什么事情需要转达？')
en_machines=("Hello, you've reached the voicemail of Dana White. Leave your name and number and I'll call you back." 'Thank you for calling City Bank. For English, press one. Para espanol, oprima el dos.' "We can't take your call right now. After the tone, tell us who you are and why you called." 'The mailbox of, five five five, zero one two three, is ready to take your message. Record after the beep.' "This is Tom's phone. You know what to do.")

for round in 0 1 2 3 4; do
  for index in "${!zh_people[@]}"; do
    next; say "${zh_voices[(index + round) % 6]}" "$speed" "$pitch" "$band" "${zh_people[index]}"; clip human zh "$delay" "$line" "$codec"
    next; say "${en_voices[(index + round) % 7]}" "$speed" "$pitch" "$band" "${en_people[index]}"; clip human en "$delay" "$line" "$codec"
  done
  for index in "${!zh_offices[@]}"; do
    next; say "${zh_voices[(index + round) % 6]}" "$speed" "$pitch" "$band" "${zh_offices[index]}"; clip human office-zh "$delay" "$line" "$codec"
    next; say "${en_voices[(index + round) % 7]}" "$speed" "$pitch" "$band" "${en_offices[index]}"; clip human office-en "$delay" "$line" "$codec"
  done
done

# The machine's beep comes 0.3 to 0.8 s after its last word.
with_beep() {
  local hz=$((500 + (turn * 211) % 1500)) wait
  wait=0.$((3 + turn % 6))
  sox -V1 -R -r 8000 -c 1 -b 16 -n "$work/beep.wav" synth 0.3 sine "$hz" gain -12 pad "$wait" 0
  cp "$work/voice.wav" "$work/said.wav"
  sox "$work/said.wav" "$work/beep.wav" "$work/voice.wav"
}

for round in 0 1 2 3 4 5 6 7; do
  for index in "${!zh_machines[@]}"; do
    next; say "${zh_voices[(index + round) % 6]}" "$speed" "$pitch" "$band" "${zh_machines[index]}"; with_beep; clip machine zh "$delay" "$line" "$codec"
    next; say "${en_voices[(index + round) % 7]}" "$speed" "$pitch" "$band" "${en_machines[index]}"; with_beep; clip machine en "$delay" "$line" "$codec"
  done
done

# Special information tones within the tolerances of E.180, then what the network says.
for tones in '930 1420 1785 0.33' '970 1380 1815 0.31' '913.8 1428.5 1776.7 0.276' '985.2 1370.6 1776.7 0.38' '950 1400 1800 0.35'; do
  read -r one two three length <<<"$tones"
  for kind in 1 2; do
    next
    for part in "$one" "$two" "$three"; do
      sox -V1 -R -r 8000 -c 1 -b 16 -n "$work/sit-$part.wav" synth "$length" sine "$part" gain -18
    done
    say "${en_voices[turn % 7]}" "$speed" "$pitch" "$band" 'The number you have dialed is not in service.'
    cp "$work/voice.wav" "$work/said.wav"
    sox "$work/sit-$one.wav" "$work/sit-$two.wav" "$work/sit-$three.wav" "$work/said.wav" "$work/voice.wav"
    clip network "sit-$kind" "$delay" "$line" mulaw
  done
done

for kind in 1080:0.55 1120:0.5 2095:2.8 2108:3.2; do
  for _ in 1 2 3; do
    next
    sox -V1 -R -r 8000 -c 1 -b 16 -n "$work/voice.wav" synth "${kind#*:}" sine "${kind%:*}" gain -20
    clip fax "${kind%:*}" "$delay" "$line" mulaw
  done
done

sox -V1 -R -r 8000 -c 1 -b 16 -n "$work/voice.wav" trim 0 0.1
for line in quiet hum wind crackle; do
  for codec in mulaw gsm ima; do clip unsure silence 0.2 "$line" "$codec"; done
done
# Answering tones within the tolerances of V.25 and V.8, from the middle of a frame on: pitch, time between
# two turns of the phase, and what the one after a turn is multiplied with to be half a wave off.
for tone in '2110 0.45 1' '2090 0.45 1' '2100 0.44 -1' '2100 0.46 -1'; do
  read -r hz length sign <<<"$tone"
  for kind in ans ansam; do
    next
    sox -V1 -R -r 8000 -c 1 -b 16 -n "$work/up.wav" synth "$length" sine "$hz" gain -22
    sox -V1 -R "$work/up.wav" "$work/down.wav" vol "$sign"
    sox "$work/up.wav" "$work/down.wav" "$work/ans.wav" repeat 2
    sox -V1 -R "$work/ans.wav" "$work/ansam.wav" synth 2.8 sine amod 15 67
    sox -V1 -R "$work/$kind.wav" "$work/voice.wav" pad 0.013 0
    clip fax "$kind" "$delay" "$line" mulaw
  done
done

# People on a line with a tone of its own, or that is filled with comfort noise once they have spoken.
for index in "${!zh_people[@]}"; do
  next; say "${zh_voices[index % 6]}" "$speed" "$pitch" "$band" "${zh_people[index]}"; clip human hum "$delay" comfort "$codec"
  next; say "${en_voices[index % 7]}" "$speed" "$pitch" "$band" "${en_people[index]}"; clip human hum "$delay" tone "$codec"
done
echo "$number clips in $folder"
