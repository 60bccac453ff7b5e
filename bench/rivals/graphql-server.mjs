// What one would take instead: other GraphQL servers over the same schema. Their resolvers return finished answers from memory, so that only
// the server itself is measured.
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { ApolloServer } from '@apollo/server'
import { startStandaloneServer } from '@apollo/server/standalone'
import Fastify from 'fastify'
import { buildSchema } from 'graphql'
import { createHandler } from 'graphql-http/lib/use/http'
import { createYoga } from 'graphql-yoga'
import mercurius from 'mercurius'

const [kind, schemaFile, answersFile] = process.argv.slice(2)

async function loadSchema() {
  const [text, answers] = await Promise.all([readFile(schemaFile, 'utf8'), readFile(answersFile, 'utf8').then(JSON.parse)])
  const schema = buildSchema(text)
  for (const field of Object.values(schema.getQueryType().getFields())) field.resolve = () => answers[field.name]
  return schema
}

const START = {
  async apollo(schema) {
    const { url } = await startStandaloneServer(new ApolloServer({ schema }), { listen: { port: 0, host: '127.0.0.1' } })
    return url.replace(/\/$/, '')
  },
  async mercurius(schema) {
    const app = Fastify()
    await app.register(mercurius, { schema, jit: 1 })
    return `${await app.listen({ port: 0, host: '127.0.0.1' })}/graphql`
  },
  yoga: (schema) => listen(createServer(createYoga({ schema, logging: false })), '/graphql'),
  'graphql-http': (schema) => listen(createServer(createHandler({ schema })), ''),
}

function listen(server, path) {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${server.address().port}${path}`)))
}

console.log(await START[kind](await loadSchema()))
process.once('SIGTERM', () => process.exit(0))
