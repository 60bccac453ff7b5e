import type { EpochMs } from '../../lib/clock.js'

export interface StreamRecord {
  /** The archive's own key: never reused, unlike names. */
  readonly id: number
  readonly name: string
  /** Ends in the creation time in milliseconds, as AWS's does. */
  readonly arn: string
  readonly status: 'CREATING' | 'ACTIVE' | 'UPDATING' | 'DELETING'
  /** 20 alphanumerics, new with each change of the metadata. */
  readonly version: string
  readonly createdAtMs: EpochMs
  readonly dataRetentionInHours: number
  /** Footage received earlier has expired for good: a longer retention does not bring it back. */
  readonly keptSinceMs: EpochMs
  readonly mediaType: string | null
  readonly deviceName: string | null
  readonly kmsKeyId: string
}
