import { parseTaggedStream, refuseTagToken } from '../wire/tag-input.js'
import type { KvsServices } from './kvs-services.js'
import { streamOperation } from './stream-operation.js'

export const listTagsForStream = streamOperation({
  name: 'ListTagsForStream',
  select: parseTaggedStream,
  parse: refuseTagToken,
  run: ({ id }, _input, { tags }: Pick<KvsServices, 'tags'>) => ({ NextToken: null, Tags: tags.list(id) }),
})
