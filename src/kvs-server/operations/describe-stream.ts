import { toStreamInfo } from '../wire/stream-info.js'
import { streamOperation } from './stream-operation.js'

export const describeStream = streamOperation({
  name: 'DescribeStream',
  parse: () => null,
  run: (stream) => ({ StreamInfo: toStreamInfo(stream) }),
})
