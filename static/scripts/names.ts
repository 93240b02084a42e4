// Which of the many names that GeoNames has for a city are worth carrying: those of its own country, and those of large cities elsewhere.
import { fold } from "../src/text/fold";

/** Cities of this size, and capitals, are looked for in many languages. */
const KNOWN_PEOPLE = 300_000;
/** Those that are known all over the world, also in Chinese characters and in kana. */
const FAMOUS_PEOPLE = 1_000_000;
const MOST_LATIN = 4;
const MOST_LOCAL = 4;
const MOST_FOREIGN = 1;

/** What cities call themselves, or were called until lately, where English says otherwise: these first. */
const ENDONYMS = new Set(
  (
    "München Köln Nürnberg Hannover Wien Zürich Genève Genf Luzern Roma Milano Firenze Venezia Napoli Torino Genova Padova Siracusa " +
    "Mantova Livorno Lisboa Sevilla Córdoba Zaragoza Donostia Praha Plzeň Warszawa Kraków Gdańsk Danzig Wrocław Breslau Poznań Posen " +
    "Bruxelles Brussel Antwerpen Anvers Gent Gand Brugge Liège 's-Gravenhage København Göteborg Helsingfors Turku Åbo Athina " +
    "Thessaloniki Irakleion București Beograd Sofiya Zagreb Dubrovnik Moskva Sankt-Peterburg Leningrad Petrograd Kiev Kyiv Lvov Lviv Odessa " +
    "Odesa Kharkov Kharkiv Krakau Lemberg Tiflis Yerevan Al-Qahirah Al Qahirah Yerushalayim Dimashq Makkah Makka Al-Madinah Medina " +
    "Bayrut Bagdad Tehran Esfahan İzmir Smyrna Constantinople Konstantinopel Byzantium Saigon Sai Gon Peking Canton Nanking Tientsin " +
    "Mukden Port Arthur Formosa Bombay Calcutta Madras Bangalore Poona Baroda Trivandrum Cochin Benares Banaras Pondicherry Rangoon " +
    "Pagan Krung Thep Batavia Makassar Malacca Penang Jesselton Ciudad de México Ciudad de Mexico La Habana Habana Nouvelle-Orléans " +
    "Nueva York Nova York Québec Montréal Kjøbenhavn Christiania Reykjavík Tórshavn Vilna Wilno Kaunas Königsberg Pressburg Pozsony " +
    "Agram Laibach Fiume Pola Ragusa Ispalis Tanger Alger Tunis El Iskandariya Al-Iskandariyah Alexandrie Leopoldville Salisbury Lourenço Marques " +
    "Cologne Zurich Geneva Seville Saragossa Antwerp Ghent Bruges Nuremberg Hanover Gothenburg Lucerne Cracow Basle Berne Turin Genoa " +
    "Padua Leghorn Syracuse Mantua Lisbon Prague Warsaw Brussels Copenhagen Athens Bucharest Belgrade Havana Algiers Tangier Quebec Montreal " +
    "Frunze Alma-Ata Nur-Sultan Akmola Astana Tashkent Samarqand Buxoro Ulaanbaatar Edo Yedo Heian-kyo Keijo Hanyang Pusan Taegu Inchon Taejon Kwangju " +
    "Cheju Kyongju Taihoku Taipeh Amoy Foochow Chungking Hangchow Soochow Xian Dairen Lüda Hsinking Harbin Urumchi"
  )
    .split(" ")
    .map(fold),
);

const LATIN = /^[A-Z\u00c0-\u024f\u1e00-\u1eff][A-Za-z\u00c0-\u024f\u1e00-\u1eff ’'.-]{2,}$/;
const CODE = /^[A-Z]{3,5}$/;
const HAN = /^[\u4e00-\u9fff]{2,}$/;
const KANA = /^[\u3040-\u30ff]{2,}$/;
const CYRILLIC = /^[\u0400-\u04ff][\u0400-\u04ff -]+$/;
const GREEK = /^[\u0370-\u03ff][\u0370-\u03ff -]+$/;
const ARABIC = /^[\u0600-\u06ff][\u0600-\u06ff -]+$/;
const SCRIPTS: readonly (readonly [countries: string, scripts: readonly RegExp[]])[] = [
  ["JP", [HAN, KANA]],
  ["CN TW HK MO KR SG", [HAN]],
  ["RU UA BY BG RS MK ME KZ KG MN TJ", [CYRILLIC]],
  ["GR CY", [GREEK]],
  ["TH", [/^[\u0e00-\u0e7f]{2,}$/]],
  ["IL", [/^[\u0590-\u05ff][\u0590-\u05ff -]+$/]],
  ["AE BH DZ EG IQ JO KW LB LY MA OM PS QA SA SD SY TN YE IR AF PK", [ARABIC]],
  ["IN NP", [/^[\u0900-\u097f]{2,}$/]],
  ["GE", [/^[\u10a0-\u10ff]{2,}$/]],
  ["AM", [/^[\u0530-\u058f]{2,}$/]],
];

export interface About {
  readonly cc: string;
  readonly people: number;
  readonly capital: boolean;
}

/** Of two names that fold to the same, the one with its accents. */
function shorter(a: string, b: string): number {
  return a.length - b.length || Number(/^[\0-\x7f]*$/.test(a)) - Number(/^[\0-\x7f]*$/.test(b));
}

/** Names by which it is looked for besides `own`; none that begins with one of them, or folds to the same. */
export function aliasesOf(own: readonly string[], all: readonly string[], { cc, people, capital }: About): string[] {
  const taken = own.map(fold);
  const pick = (script: RegExp, most: number, wanted: (folded: string) => boolean = () => true): string[] => {
    const fresh: string[] = [];
    for (const name of all.filter((one) => script.test(one) && !CODE.test(one)).sort(shorter)) {
      const folded = fold(name);
      if (fresh.length >= most || !wanted(folded)) continue;
      if (taken.some((one) => one !== "" && folded.startsWith(one))) continue;
      taken.push(folded);
      fresh.push(name);
    }
    return fresh;
  };
  const local = SCRIPTS.flatMap(([countries, scripts]) => (countries.split(" ").includes(cc) ? scripts : []));
  const foreign = people >= FAMOUS_PEOPLE || capital ? [HAN, KANA].filter((script) => !local.includes(script)) : [];
  return [
    ...local.flatMap((script) => pick(script, MOST_LOCAL)),
    ...foreign.flatMap((script) => pick(script, MOST_FOREIGN)),
    ...pick(LATIN, MOST_LATIN, (folded) => ENDONYMS.has(folded)),
    ...(people >= KNOWN_PEOPLE || capital ? pick(LATIN, MOST_LATIN) : []),
  ];
}
