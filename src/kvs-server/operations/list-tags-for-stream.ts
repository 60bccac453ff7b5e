import type { StreamSelector } from '../archive/stream-table.js'
import type { KvsServices } from '../kvs-services.js'
import type { Operation } from '../operation.js'
import { getStream } from '../stream-checks.js'
import { parseTaggedStream, refuseTagToken } from '../wire/tag-input.js'

export const listTagsForStream: Operation<StreamSelector, Pick<KvsServices, 'streams' | 'tags'>> = {
  name: 'ListTagsForStream',
  parse(input) {
    refuseTagToken(input)
    return parseTaggedStream(input)
  },
  run: (selector, { streams, tags }) => ({ NextToken: null, Tags: tags.list(getStream(streams, selector).id) }),
}
