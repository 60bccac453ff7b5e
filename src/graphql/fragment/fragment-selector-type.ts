import { enumType } from '../enum-type.js'

export const FragmentSelectorTypeEnum = enumType('FragmentSelectorType', 'The fragment timestamp that a range is compared with.', {
  PRODUCER_TIMESTAMP: 'The timestamp from the producer: the clock of the camera.',
  SERVER_TIMESTAMP: 'The time when Kinesis Video received the fragment: the clock of the service.',
})
