/**
 * The limits of the service that the gateway expects. The contract suite compares them with the service.
 * https://docs.aws.amazon.com/kinesisvideostreams/latest/dg/limits.html
 */
export const KVS_LIMITS = {
  maxFragmentsPerGetClip: 200,
  /** 100 MB, counted as decimal megabytes: the smaller of the two meanings. */
  maxBytesPerGetClip: 100_000_000,
  maxRangeHours: 24,
  /** Maximum length of a fragment (quota of PutMedia). */
  maxFragmentMs: 20_000,
  /** MaxResults of ListFragments. */
  maxFragmentsPerPage: 1000,
  /** Expires of GetHLSStreamingSessionURL. */
  minHlsSessionSeconds: 300,
  maxHlsSessionSeconds: 43_200,
  /** Quota points of archived reads, per second and stream. */
  mediaPointsPerSecond: 500,
  metadataPointsPerSecond: 10_000,
} as const
