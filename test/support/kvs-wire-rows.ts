export const STREAM_ARN = 'arn:aws:kinesisvideo:us-east-1:123456789012:stream/dock-3/1790000000000'

/** StreamInfo as the service writes it: explicit nulls, members outside the model, times as doubles (kvs facts, 1.4 and 2.3). */
export function streamInfo(name = 'dock-3', overrides: object = {}): object {
  return {
    CreationTime: 1.79e9,
    DataRetentionInHours: 24,
    DeviceName: null,
    IngestionConfiguration: null,
    KmsKeyId: 'arn:aws:kms:us-east-1:123456789012:alias/aws/kinesisvideo',
    MediaType: null,
    Status: 'ACTIVE',
    StreamARN: `arn:aws:kinesisvideo:us-east-1:123456789012:stream/${name}/1790000000000`,
    StreamName: name,
    Version: 'davN9FKgAAAAAAAAAAAA',
    ...overrides,
  }
}

/** A row of ListFragments. `atMs` is its server timestamp, and `producerMs` its producer timestamp. */
export function fragmentRow(number: number | string, atMs: number, producerMs = atMs): object {
  return {
    FragmentNumber: String(number),
    FragmentSizeInBytes: 512_345,
    ProducerTimestamp: producerMs / 1000,
    ServerTimestamp: atMs / 1000,
    FragmentLengthInMilliseconds: 1960,
  }
}

/** The TimestampRange of a ListFragments request. */
export function rangeOf({ FragmentSelector: selector }: Readonly<Record<string, unknown>>): { startMs: number; endMs: number } {
  const seconds = JSON.stringify(selector).match(/\d+(?:\.\d+)?/g) ?? []
  return { startMs: Math.round(Number(seconds[0]) * 1000), endMs: Math.round(Number(seconds[1]) * 1000) }
}
