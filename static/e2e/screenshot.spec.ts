// Takes the picture of the README: two people in the sample trip. `npm run screenshot` writes it anew.

import { fileURLToPath } from 'node:url'

import { EditorPage } from './editor'
import { expect, Person, test } from './fixtures'

const PICTURE = fileURLToPath(new URL('../../docs/images/editor.png', import.meta.url))

test('the editor with two people in it', async ({ browse, server }) => {
  const ara = await Person.signUp(server, 'Ara Kim')
  const byeol = await Person.signUp(server, 'Byeol Lee')
  const trip = await ara.createTrip({ title: 'Four days on Jeju', sample: 'jeju' })
  await ara.share(trip, byeol, 'editor')
  const a = await EditorPage.open(await browse(ara), trip)
  const b = await EditorPage.open(await browse(byeol), trip)
  await b.day(2).getByTestId('card').first().dblclick()
  await expect(a.page.getByTestId('card-peer')).toBeVisible()
  await a.expectState('saved')
  await a.page.waitForFunction(() => document.querySelector('[data-testid=map][data-idle]') !== null)
  await a.page.screenshot({ path: PICTURE })
})
