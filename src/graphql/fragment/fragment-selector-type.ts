import { enumType } from '../enum-type.js'

export const FragmentSelectorTypeEnum = enumType('FragmentSelectorType', 'Which of a fragment’s two times a range is compared with.', {
  PRODUCER_TIMESTAMP: 'The time that the producer gave the fragment: the clock of the camera.',
  SERVER_TIMESTAMP: 'The time at which Kinesis Video received the fragment: the clock of the service.',
})
