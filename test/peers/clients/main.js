// One client in Node, with what it is to ask as JSON: node main.js NAME OPTIONS.
import { runClient } from './all.js'

const [name, options] = process.argv.slice(2)
console.log(JSON.stringify(await runClient(name, JSON.parse(options))))
process.exit()
