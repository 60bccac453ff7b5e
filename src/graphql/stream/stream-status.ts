import type { StreamDescription } from '../../kvs/ports.js'
import { enumType } from '../enum-type.js'

export const StreamStatusEnum = enumType<StreamDescription['status']>(
  'StreamStatus',
  'What a stream is up to, as DescribeStream reports it.',
  {
    CREATING: 'Being made; it takes no footage yet.',
    ACTIVE: 'Ready to take and give footage.',
    UPDATING: 'Its settings are being changed; footage still comes and goes.',
    DELETING: 'Being deleted.',
  },
)
