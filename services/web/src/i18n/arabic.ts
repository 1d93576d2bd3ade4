import type { Messages } from './english'

const plural = new Intl.PluralRules('ar')
const figures = new Intl.NumberFormat('ar')

/** Arabic counts in six ways. */
function products(count: number): string {
  switch (plural.select(count)) {
    case 'zero':
      return 'لا منتجات'
    case 'one':
      return 'منتج واحد'
    case 'two':
      return 'منتجان'
    case 'few':
      return `${figures.format(count)} منتجات`
    case 'many':
      return `${figures.format(count)} منتجًا`
    default:
      return `${figures.format(count)} منتج`
  }
}

export const arabic: Messages = {
  name: 'Lookalike',
  tagline: 'اعثر عليه بالكلمات أو بصورة',
  subtitle: 'صف ما في ذهنك، أو أرِنا صورة له، أو الاثنين معًا.',
  skip: 'انتقل إلى النتائج',
  dark: 'ألوان داكنة',
  light: 'ألوان فاتحة',
  close: 'إغلاق',

  searchLabel: 'ابحث عن منتجات',
  searchPlaceholder: 'صِفه، أو أفلت صورة هنا',
  search: 'بحث',
  clear: 'مسح البحث',
  examplesTitle: 'جرّب واحدًا من هذه',
  browseTitle: 'تصفّح الفهرس',
  breadcrumb: 'الفئة',
  allCategories: 'كل الفئات',
  recents: 'عمليات البحث الأخيرة',
  forget: 'انسها',

  choosePicture: 'البحث بصورة',
  takePicture: 'التقط صورة',
  pictureHint: 'يمكنك أيضًا إفلات صورة في أي مكان أو لصقها. JPEG أو PNG أو WebP حتى 10 ميغابايت.',
  pictureWrongType: 'هذا الملف ليس صورة JPEG أو PNG أو WebP.',
  pictureTooLarge: 'هذه الصورة أكبر من 10 ميغابايت.',
  pictureSending: 'جارٍ النظر في الصورة …',
  pictureAccepted: 'البحث جارٍ بصورتك.',
  yourPicture: 'صورتك',
  partOfPicture: 'جزء من صورتك',
  sharedPicture: 'صورة',
  removePicture: 'إزالة الصورة',
  dropHere: 'أفلت الصورة للبحث بها',

  cropOpen: 'اختر جزءًا',
  cropTitle: 'ابحث عن جزء من الصورة',
  cropHint: 'ارسم إطارًا حول شيء واحد، أو حرّك حوافه بمفاتيح الأسهم، والبحث يتبعه. يتراجع عنه مفتاح Escape.',
  cropWhole: 'الصورة كاملة',
  cropCentre: 'الوسط',
  cropDone: 'تم',
  cropArea: 'الإطار: تحركه مفاتيح الأسهم',
  cropLeft: 'من اليسار',
  cropTop: 'من الأعلى',
  cropWidth: 'العرض',
  cropHeight: 'الارتفاع',
  cropHandles: {
    nw: 'الزاوية العليا اليسرى',
    n: 'الحافة العليا',
    ne: 'الزاوية العليا اليمنى',
    e: 'الحافة اليمنى',
    se: 'الزاوية السفلى اليمنى',
    s: 'الحافة السفلى',
    sw: 'الزاوية السفلى اليسرى',
    w: 'الحافة اليسرى',
  },
  cropStatus: (left, top, width, height) =>
    `جزء من الصورة: ${width} في ${height} بالمئة، على بعد ${left} بالمئة من اليسار و${top} من الأعلى.`,
  cropStatusWhole: 'الصورة كاملة.',

  searchedWith: 'ما تبحث به',
  termWords: (words) => `«${words}»`,
  termLike: (title) => `مثل ${title}`,
  termWithout: (words) => `بدون ${words}`,
  remove: (what) => `إزالة: ${what}`,
  withoutAdd: 'استبعد شيئًا',
  withoutLabel: 'كلمات تُستبعد',
  withoutPlaceholder: 'مثلًا striped',
  add: 'أضف',

  settings: 'الإعدادات',
  results: 'عدد النتائج في المرة',
  resultsHint: 'top_k: عدد المنتجات في كل إجابة.',
  threshold: 'أدنى تشابه',
  thresholdOff: 'بدون',
  thresholdHint: 'تشابه جيب التمام بين بحثك والمنتج، من ‎−1 إلى 1. القيمة الأعلى تعرض منتجات أقل وأقرب.',
  compare: 'ما يُحتسب من المنتج',
  compareWords: 'كلماته',
  compareLook: 'صورته',
  balance: 'الكلمات مقابل الصورة',
  balanceDefault: 'كالمعتاد',
  percent: (words) => `${words}٪ كلمات، ${100 - words}٪ صورة`,
  lean: 'كلماتك مقابل صورتك',
  leanHint: 'كلما زادت القيمة زاد وزن صورتك على ما كتبته.',
  leanValue: (picture) => `${100 - picture}٪ كلمات، ${picture}٪ صورة`,
  rewriting: 'حسّن كلماتي قبل البحث',
  weak: 'اعرض التطابقات الضعيفة أيضًا',
  variants: 'اعرض كل أشكال المنتج',
  settingsChanged: 'معدّلة',
  settingsReset: 'إعادة الإعدادات',

  filters: 'المرشحات',
  filtersOn: 'مفعّلة',
  filtersClear: 'مسح كل المرشحات',
  filtersShow: (count) => `اعرض ${count}`,
  activeFilters: 'المرشحات المفعّلة',
  removeFilter: (field, value) => `إزالة ${field}: ${value}`,
  fields: {
    category: 'الفئة',
    brand: 'العلامة',
    color: 'اللون',
    price: 'السعر',
    in_stock: 'التوفر',
    material: 'المادة',
    pattern: 'النقش',
    size: 'المقاس',
    gender: 'الجنس',
    age_group: 'الفئة العمرية',
    condition: 'الحالة',
  },
  inStock: 'المتوفر فقط',
  priceNow: 'السعر الآن:',
  priceBefore: 'السعر السابق:',
  priceFrom: 'من',
  priceTo: 'إلى',
  priceApply: 'طبّق',
  priceLow: 'السعر الأدنى أعلى من السعر الأقصى.',
  priceRange: (min, max) =>
    min !== null && max !== null ? `من ${min} إلى ${max}` : min !== null ? `من ${min}` : `حتى ${max ?? ''}`,
  showAll: (count) => `اعرض الكل (${count})`,
  showFewer: 'اعرض أقل',

  sort: 'ترتيب حسب',
  sortCatalogue: 'كما في الفهرس',
  sorts: { relevance: 'أفضل تطابق', price_asc: 'السعر من الأدنى', price_desc: 'السعر من الأعلى' },

  loading: 'جارٍ البحث …',
  slow: 'يستغرق هذا وقتًا أطول من المعتاد. البحث مستمر.',
  loadingPart: 'لحظة …',
  noAnswer: 'لا إجابة',
  found: products,
  foundMany: (count) => `${products(count)} أو أكثر`,
  took: (milliseconds) => `${milliseconds} م.ث`,
  shown: (shown, found) => `عُرض ${shown} من ${found}`,
  more: 'اعرض المزيد',
  moreLoading: 'جارٍ تحميل المزيد …',
  moreFailed: 'تعذر تحميل المنتجات التالية.',
  rewritten: 'تم البحث عن',
  useOriginal: (query) => `ابحث عن «${query}» بدلًا من ذلك`,
  degraded: 'جزء من الخدمة لا يجيب؛ هذه النتائج من دونه.',
  unsure: 'لا شيء يطابق بحثك تمامًا. هذه أقرب المنتجات.',
  offline: 'أنت غير متصل. ما عُثر عليه باقٍ هنا.',

  emptyTitle: 'لا تطابق جيد',
  emptyFilters: 'لا منتج يجتاز كل المرشحات المفعّلة.',
  emptyThreshold: (value) => `لا منتج بتشابه ${value}.`,
  emptyCutOff: 'لا شيء في الفهرس يقارب ما تبحث عنه.',
  emptyAdvice: 'جرّب كلمات أخرى أو أقل أو صورة.',
  emptyPictureAdvice: 'اختر جزءًا من الصورة بإطار قريب حول شيء واحد، أو صف بالكلمات ما هو.',
  emptyRemoveThreshold: 'اعرض منتجات أقل تشابهًا',
  emptyShowNearest: 'اعرض الأقرب على أي حال',

  similarity: 'التشابه',
  strong: 'تطابق قوي',
  weakMatch: 'أقل قربًا',
  lessClose: 'أقل قربًا',
  why: 'سبب ظهوره:',
  looksAlike: 'يشبهه في الشكل',
  moreInfo: 'المزيد',
  moreInfoOn: (title) => `المزيد عن ${title}`,
  moreLike: 'المزيد مثله',
  moreLikeOf: (title) => `المزيد مثل ${title}`,
  noPicture: 'لا صورة',
  morePictures: 'صور أخرى',
  pictureOf: (number, title) => `الصورة ${number} من ${title}`,

  back: 'العودة إلى النتائج',
  toSearch: 'إلى البحث',
  visitShop: 'شاهده في المتجر',
  loadingProduct: 'جارٍ تحميل المنتج …',
  details: 'التفاصيل',
  inStockYes: 'متوفر',
  inStockNo: 'غير متوفر',
  similarLook: 'يشبهه في الشكل',
  similarWords: 'يشبهه في الوصف',
  similarFailed: 'تعذر تحميل المنتجات المشابهة.',
  missingHint: 'ربما أُزيل من الفهرس، أو كُتب العنوان خطأ.',

  failures: {
    offline: 'تعذر الوصول إلى الخدمة. هل أنت متصل؟',
    slow: 'استغرقت الخدمة وقتًا طويلًا.',
    busy: 'الخدمة مشغولة أو قيد التشغيل. حاول بعد لحظة.',
    missing: 'لا يوجد منتج كهذا.',
    expired: 'انتهت صلاحية صورة هذا البحث. اخترها من جديد.',
    refused: 'لم تقبل الخدمة هذا البحث.',
    broken: 'حدث خطأ لدينا.',
  },
  retry: 'حاول مجددًا',
  requestId: 'الطلب',
  notFound: 'لا توجد صفحة هنا',
  notFoundHint: 'ربما كُتب العنوان خطأ، أو لم تعد الصفحة موجودة.',
}
