// Maps of an operator's own, as small as they can be: one green tile, over HTTP or in an archive (PMTiles, version 3).

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { deflateSync, crc32 } from 'node:zlib'

const SIDE = 256
const GREEN = [20, 160, 60]

/** A picture of one colour. */
export function greenTile(): Buffer {
  const row = Buffer.from([0, ...Array.from({ length: SIDE }, () => GREEN).flat()])
  const head = Buffer.alloc(13)
  head.writeUInt32BE(SIDE, 0)
  head.writeUInt32BE(SIDE, 4)
  head.set([8, 2, 0, 0, 0], 8)
  const pixels = deflateSync(Buffer.concat(Array.from({ length: SIDE }, () => row)))
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  return Buffer.concat([signature, chunk('IHDR', head), chunk('IDAT', pixels), chunk('IEND', Buffer.alloc(0))])
}

function chunk(kind: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(kind, 'ascii'), data])
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  sum.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, sum])
}

/** A server of tiles on loopback: its template, and the paths that were asked for. */
export async function serveTiles(): Promise<{ template: string; asked: string[]; close: () => void }> {
  const asked: string[] = []
  const tile = greenTile()
  const server: Server = createServer((request, answer) => {
    asked.push(request.url ?? '')
    answer.writeHead(200, { 'content-type': 'image/png', 'access-control-allow-origin': '*' }).end(tile)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  const close = () => {
    server.close()
    server.closeAllConnections()
  }
  return { template: `http://127.0.0.1:${port}/{z}/{x}/{y}.png`, asked, close }
}

/** The whole world in one tile. */
export function archive(): Buffer {
  const tile = greenTile()
  // One entry: its id, how often it repeats, its length, and its place (plus one).
  const directory = Buffer.from([...varint(1), ...varint(0), ...varint(1), ...varint(tile.length), ...varint(1)])
  const metadata = Buffer.from('{}')
  const head = Buffer.alloc(127)
  head.write('PMTiles', 0, 'ascii')
  head[7] = 3
  const sections = [directory.length, metadata.length, 0, tile.length]
  let place = head.length
  sections.forEach((length, nth) => {
    head.writeBigUInt64LE(BigInt(place), 8 + 16 * nth)
    head.writeBigUInt64LE(BigInt(length), 16 + 16 * nth)
    place += length
  })
  // Tiles addressed, entries, contents; clustered; nothing is compressed; pictures (PNG); zoom 0 to 0; the whole world.
  for (const at of [72, 80, 88]) head.writeBigUInt64LE(1n, at)
  head.set([1, 1, 1, 2, 0, 0], 96)
  const bounds = [-180, -85, 180, 85]
  bounds.forEach((degrees, nth) => head.writeInt32LE(degrees * 1e7, 102 + 4 * nth))
  return Buffer.concat([head, directory, metadata, tile])
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)]
}
