import type { StreamDescription } from '../../kvs/ports.js'
import { enumType } from '../enum-type.js'

export const StreamStatusEnum = enumType<StreamDescription['status']>(
  'StreamStatus',
  'The status of a stream, as DescribeStream reports it.',
  {
    CREATING: 'Being created. It does not receive footage yet.',
    ACTIVE: 'Ready to receive and return footage.',
    UPDATING: 'Its settings are being changed. It still receives and returns footage.',
    DELETING: 'Being deleted.',
  },
)
