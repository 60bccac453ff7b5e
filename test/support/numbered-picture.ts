/**
 * A filter of ffmpeg: each frame of a 320x80 picture shows its number as 16 bars, black or white, above noise. The noise makes frames
 * large enough for ffmpeg to begin a Cluster with each key frame.
 */
export const NUMBERED_PICTURE = "geq=lum='if(lt(Y,64),if(mod(floor(N/pow(2,floor(X/20))),2),220,30),random(1)*255)':cb=128:cr=128"
