/**
 * What the gateway believes the service's limits to be; the contract suite compares it with what the service does.
 * https://docs.aws.amazon.com/kinesisvideostreams/latest/dg/limits.html
 */
export const KVS_LIMITS = {
  maxFragmentsPerGetClip: 200,
  /** 100 MB, read as decimal: the smaller of the two readings. */
  maxBytesPerGetClip: 100_000_000,
  maxRangeHours: 24,
  /** The longest a fragment may be (quota of PutMedia). */
  maxFragmentMs: 20_000,
  /** MaxResults of ListFragments. */
  maxFragmentsPerPage: 1000,
  /** Expires of GetHLSStreamingSessionURL. */
  minHlsSessionSeconds: 300,
  maxHlsSessionSeconds: 43_200,
  /** Points a second and stream of archived reads. */
  mediaPointsPerSecond: 500,
  metadataPointsPerSecond: 10_000,
} as const
