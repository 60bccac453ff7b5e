import type { KvsServices } from '../kvs-services.js'
import type { Operation } from '../operation.js'
import type { StreamSelector } from '../wire/stream-selector.js'
import { parseTaggedStream, refuseTagToken } from '../wire/tag-input.js'

export const listTagsForStream: Operation<StreamSelector, Pick<KvsServices, 'streams' | 'tags'>> = {
  name: 'ListTagsForStream',
  parse(input) {
    refuseTagToken(input)
    return parseTaggedStream(input)
  },
  run: (selector, { streams, tags }) => ({ NextToken: null, Tags: tags.list(streams.get(selector).id) }),
}
