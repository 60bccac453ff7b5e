#!/usr/bin/env bash
# Makes the demo cameras' footage beside this script: one minute each, to be played over and over, so that the burnt-in second is
# always the second of the minute. Sound is at 32 kHz because a minute then is 1875 AAC frames exactly, and the loop has
# no seam. Needs ffmpeg with libx264 and DejaVu fonts. The files are committed; run this to change them.
set -euo pipefail
cd "$(dirname "$0")" && mkdir -p footage
mono=/usr/share/fonts/truetype/dejavu/DejaVuSansMono-Bold.ttf
sans=/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf
size=640x360 rate=15

# camera NAME TITLE SKY GROUND "MOVERS" X264-OPTIONS AUDIO-OPTIONS...
camera() {
  local name=$1 title=$2 sky=$3 ground=$4 movers=$5 x264=$6
  shift 6
  ffmpeg -v error -y \
    -f lavfi -i "color=$sky:s=$size:r=$rate:d=60" \
    -f lavfi -i "color=$ground:s=640x150:r=$rate:d=60" \
    -f lavfi -i "color=0xF2C14E:s=74x34:r=$rate:d=60" \
    -f lavfi -i "color=0x3A6EA5:s=96x44:r=$rate:d=60" \
    -f lavfi -i "color=white@0.0:s=96x96:r=$rate:d=60,format=yuva420p,drawbox=x=47:y=6:w=3:h=44:color=white@1:t=fill:replace=1,rotate=a=2*PI*t/60:c=none" \
    -f lavfi -i "sine=f=880:r=32000:d=60,volume='if(lt(mod(t,1),0.04),0.25,0)':eval=frame" \
    -filter_complex "
      [0][1]overlay=0:210[ground];
      $movers
      [scene]drawbox=x=0:y=0:w=640:h=44:color=black@0.55:t=fill,
        drawtext=fontfile=$sans:text='$title':x=16:y=12:fontsize=20:fontcolor=white,
        drawtext=fontfile=$mono:text='\:%{eif\:mod(t\,60)\:d\:2}.%{eif\:floor(10*mod(t\,1))\:d}':x=512:y=9:fontsize=27:fontcolor=0xFFE08A,
        drawbox=x=262:y=56:w=116:h=146:color=black@0.45:t=fill[titled];
      [titled][4]overlay=272:60:format=auto,
        drawtext=fontfile=$mono:text='%{eif\:mod(t\,60)\:d\:2}':x=297:y=160:fontsize=38:fontcolor=0xFFE08A,
        drawbox=x=0:y=352:w=640:h=8:color=black@0.5:t=fill[clock];
      color=0xFFE08A:s=640x8:r=$rate:d=60[bar];
      [clock][bar]overlay=x='-640+640*mod(t,60)/60':y=352:shortest=1,format=yuv420p[v]" \
    -map '[v]' "$@" -t 60 -r $rate -c:v libx264 -preset veryslow -profile:v high $x264 \
    -x264-params "keyint=30:min-keyint=30:scenecut=0:open-gop=0" -bitexact -map_metadata -1 \
    -f matroska -live 1 -cluster_time_limit 20000 -cluster_size_limit 60000000 "footage/$name.mkv"
}

camera front-door 'FRONT DOOR' 0x6FA8DC 0x6B8E5A \
  "[ground][2]overlay=x='mod(t*64,720)-80':y=236[a];[a][3]overlay=x='640-mod(t*40,760)':y=286[scene];" \
  "-crf 27 -bf 0" -map 5 -frames:a 1875 -c:a aac -b:a 24k -ac 1
camera loading-dock 'LOADING DOCK' 0x8E8273 0x4B4B50 \
  "[ground][3]overlay=x='270+250*sin(2*PI*t/20)':y=262[a];[a][2]overlay=x=60:y='200+60*abs(sin(2*PI*t/6))'[scene];" \
  "-crf 27 -bf 3 -b_strategy 0"
camera car-park 'CAR PARK' 0x243447 0x33363B \
  "[ground][2]overlay=x='640-mod(t*96,760)':y=226[a];[a][3]overlay=x='mod(t*52,760)-100':y=282[scene];" \
  "-crf 27 -bf 2 -b_strategy 0" -map 5 -frames:a 1875 -c:a aac -b:a 24k -ac 1
ls -l footage
