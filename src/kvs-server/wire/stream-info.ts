import type { StreamRecord } from '../archive/stream-record.js'
import { parseOptionalString, parseString, type StringRule, type WireInput } from './wire-input.js'
import { WireTimestamp } from './wire-json.js'

export const DEVICE_NAME: StringRule = { min: 1, max: 128, pattern: /^[a-zA-Z0-9_.-]+$/ }
export const MEDIA_TYPE: StringRule = { min: 1, max: 128, pattern: /^[\w\-.+]+\/[\w\-.+]+(,[\w\-.+]+\/[\w\-.+]+)*$/ }
const VERSION: StringRule = { min: 1, max: 64, pattern: /^[a-zA-Z0-9]+$/ }
/** The longest retention, ten years in hours. */
export const MAX_RETENTION_HOURS = 87_600

/** A stream in DescribeStream and ListStreams. The members have the order of the service, and unset ones are null. */
export function toStreamInfo(stream: StreamRecord): object {
  return {
    CreationTime: new WireTimestamp(stream.createdAtMs),
    DataRetentionInHours: stream.dataRetentionInHours,
    DeviceName: stream.deviceName,
    // Not in the models, but in the responses of the service.
    IngestionConfiguration: null,
    KmsKeyId: stream.kmsKeyId,
    MediaType: stream.mediaType,
    Status: stream.status,
    StreamARN: stream.arn,
    StreamName: stream.name,
    Version: stream.version,
  }
}

export function parseCurrentVersion(input: WireInput): string {
  return parseString(input, 'CurrentVersion', VERSION)
}

export function parseOptionalCurrentVersion(input: WireInput): string | null {
  return parseOptionalString(input, 'CurrentVersion', VERSION)
}
