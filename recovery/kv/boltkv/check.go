package boltkv

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
	"os"
)

// This file reads bbolt's format, version 2, without bbolt: bbolt follows what
// a damaged page says into panics, endless recursion and unbounded memory. The
// layout is that of internal/common in go.etcd.io/bbolt, in the byte order of
// the machine:
//
//	page     id u64, flags u16, count u16, overflow u32, then count elements
//	meta     magic u32, version u32, page size u32, flags u32, root bucket,
//	         freelist page u64, pages in use u64, transaction u64, FNV-1a u64
//	bucket   root page u64 (0: the page follows here), sequence u64
//	branch   position u32, key size u32, page u64
//	leaf     flags u32, position u32, key size u32, value size u32
//	freelist count ids u64; with a count of 0xffff the first id is the count
//
// Positions count from the start of their element. bbolt always writes keys
// and values without gaps, so every wrong size or position shows.
const (
	pageHeader  = 16
	elementSize = 16
	metaSize    = 64
	bucketSize  = 16

	boltMagic   = 0xED0CDAED
	boltVersion = 2

	branchPage   = 0x01
	leafPage     = 0x02
	freelistPage = 0x10
	bucketFlag   = 0x01

	minPageSize = 1 << 10
	maxPageSize = 1 << 24
	maxDepth    = 64
)

// checkPages bounds how many pages are read at open, 256 MiB of 4 KiB ones.
// What a larger store has beyond is looked at when it is used.
const checkPages = 1 << 16

// order is bbolt's: it casts memory.
var order = binary.NativeEndian //nolint:gochecknoglobals // a constant in all but name

// check reads the whole file, up to [checkPages], and returns an [ErrDamaged]
// if anything in it is not as bbolt and this package write it: the meta pages,
// the tree, its order, the checksum of each record, and that each page is used
// exactly once. Only bytes that no record depends on may differ.
func check(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	c := &checker{file: f, used: make(map[uint64]bool)}
	root, freelist, err := c.readMetas(info.Size())
	if err != nil {
		return err
	}
	if err := c.checkFreelist(freelist); err != nil {
		return err
	}
	if err := c.checkRoot(root); err != nil {
		return err
	}
	return c.checkUnused()
}

type checker struct {
	file     io.ReaderAt
	pageSize uint64
	pages    uint64          // pages in use or free; later ones do not count
	used     map[uint64]bool // pages seen, free ones too
	read     int             // pages read
}

func broken(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrDamaged}, args...)...)
}

// readMetas returns root page and freelist page of the newest transaction.
// bbolt itself would be content with one good meta page of the two. It writes
// each within one disk sector, so that a power failure does not tear it; a bad
// one is damage, and the other may lack the last confirmed write.
func (c *checker) readMetas(size int64) (root, freelist uint64, err error) {
	first, err := c.readMeta(0)
	if err != nil {
		return 0, 0, err
	}
	c.pageSize = uint64(order.Uint32(first[8:]))
	if c.pageSize < minPageSize || c.pageSize > maxPageSize {
		return 0, 0, broken("its page size is %d", c.pageSize)
	}
	second, err := c.readMeta(int64(c.pageSize))
	if err != nil {
		return 0, 0, err
	}
	newest := first
	if order.Uint64(second[48:]) > order.Uint64(first[48:]) {
		newest = second
	}
	c.pages = order.Uint64(newest[40:])
	if uint64(size)%c.pageSize != 0 || uint64(size)/c.pageSize < c.pages {
		return 0, 0, broken("it has %d bytes, but %d pages of %d", size, c.pages, c.pageSize)
	}
	c.used[0], c.used[1] = true, true
	return order.Uint64(newest[16:]), order.Uint64(newest[32:]), nil
}

func (c *checker) readMeta(offset int64) ([]byte, error) {
	meta := make([]byte, metaSize)
	if _, err := c.file.ReadAt(meta, offset+pageHeader); err != nil {
		return nil, broken("a meta page cannot be read: %w", err)
	}
	h := fnv.New64a()
	h.Write(meta[:56]) // never fails
	if order.Uint32(meta) != boltMagic || order.Uint32(meta[4:]) != boltVersion || order.Uint64(meta[56:]) != h.Sum64() {
		return nil, broken("a meta page is wrong")
	}
	return meta, nil
}

// page is what a page says, with its elements still unread.
type page struct {
	id    uint64
	flags uint16
	count int
	data  []byte // all of it, header and overflow pages included
}

// readPage reads a page that nothing has referred to before.
func (c *checker) readPage(id uint64) (page, error) {
	if id >= c.pages || c.used[id] {
		return page{}, broken("page %d is referred to wrongly", id)
	}
	header := make([]byte, pageHeader)
	if _, err := c.file.ReadAt(header, int64(id*c.pageSize)); err != nil {
		return page{}, broken("page %d cannot be read: %w", id, err)
	}
	p := page{id: id, flags: order.Uint16(header[8:]), count: int(order.Uint16(header[10:]))}
	length := 1 + uint64(order.Uint32(header[12:]))
	if order.Uint64(header) != id || id+length > c.pages {
		return page{}, broken("page %d is not where it belongs", id)
	}
	for i := id; i < id+length; i++ {
		if c.used[i] {
			return page{}, broken("page %d is used twice", i)
		}
		c.used[i] = true
	}
	c.read += int(length)
	p.data = make([]byte, length*c.pageSize)
	if _, err := c.file.ReadAt(p.data, int64(id*c.pageSize)); err != nil {
		return page{}, broken("page %d cannot be read: %w", id, err)
	}
	return p, nil
}

// checkFreelist notes the free pages, so that no record may be on one.
func (c *checker) checkFreelist(id uint64) error {
	p, err := c.readPage(id)
	if err != nil {
		return err
	}
	ids := p.data[pageHeader:]
	count := uint64(p.count)
	if count == 0xffff && len(ids) >= 8 {
		count, ids = order.Uint64(ids), ids[8:]
	}
	if p.flags != freelistPage || count > uint64(len(ids))/8 {
		return broken("the list of free pages is wrong")
	}
	for i := range count {
		free := order.Uint64(ids[8*i:])
		if free >= c.pages || c.used[free] {
			return broken("page %d is in the list of free pages wrongly", free)
		}
		c.used[free] = true
	}
	return nil
}

// checkRoot checks the page that holds our one bucket, and the bucket.
func (c *checker) checkRoot(id uint64) error {
	p, err := c.readPage(id)
	if err != nil {
		return err
	}
	elements, err := p.elements()
	if err != nil {
		return err
	}
	if p.flags != leafPage || len(elements) != 1 || elements[0].flags != bucketFlag ||
		string(elements[0].key) != bucket || len(elements[0].value) < bucketSize {
		return broken("it is no store of this version")
	}
	header := elements[0].value
	if root := order.Uint64(header); root != 0 {
		return c.checkTree(root, bounds{}, 0)
	}
	return c.checkInline(header[bucketSize:])
}

// checkInline checks a bucket so small that its page is within the root page.
func (c *checker) checkInline(data []byte) error {
	if len(data) < pageHeader {
		return broken("its records are cut off")
	}
	p := page{flags: order.Uint16(data[8:]), count: int(order.Uint16(data[10:])), data: data}
	if p.flags != leafPage {
		return broken("its records are on a page of kind %#x", p.flags)
	}
	elements, err := p.elements()
	if err != nil {
		return err
	}
	return checkLeaf(p, elements, bounds{})
}

// bounds are those of the keys below a branch; nil is none.
type bounds struct{ from, before []byte }

func (b bounds) include(key []byte) bool {
	return bytes.Compare(key, b.from) >= 0 && (b.before == nil || bytes.Compare(key, b.before) < 0)
}

func (c *checker) checkTree(id uint64, b bounds, depth int) error {
	if c.read >= checkPages {
		return nil
	}
	if depth > maxDepth {
		return broken("its tree is too deep")
	}
	p, err := c.readPage(id)
	if err != nil {
		return err
	}
	elements, err := p.elements()
	if err != nil {
		return err
	}
	if p.flags == leafPage {
		return checkLeaf(p, elements, b)
	}
	if len(elements) == 0 {
		return broken("page %d is empty", id)
	}
	for i, e := range elements {
		below := bounds{from: e.key, before: b.before}
		if i+1 < len(elements) {
			below.before = elements[i+1].key
		}
		if !b.include(e.key) || !below.include(e.key) {
			return broken("page %d is out of order", id)
		}
		if err := c.checkTree(e.page, below, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func checkLeaf(p page, elements []element, b bounds) error {
	for i, e := range elements {
		if !b.include(e.key) || i > 0 && bytes.Compare(elements[i-1].key, e.key) >= 0 {
			return broken("page %d is out of order", p.id)
		}
		if e.flags != 0 {
			return broken("page %d holds something that is no record", p.id)
		}
		if _, err := decode(string(e.key), e.value); err != nil {
			return fmt.Errorf("page %d: %w", p.id, err)
		}
	}
	return nil
}

// element is one entry of a leaf (value) or branch (page).
type element struct {
	flags uint32
	key   []byte
	value []byte
	page  uint64
}

// elements takes a leaf or branch page apart.
func (p page) elements() ([]element, error) {
	if p.flags != leafPage && p.flags != branchPage {
		return nil, broken("page %d is of kind %#x", p.id, p.flags)
	}
	elements := make([]element, p.count)
	next := pageHeader + elementSize*p.count // where the data must go on
	if next > len(p.data) {
		return nil, broken("page %d is cut off", p.id)
	}
	for i := range elements {
		start := pageHeader + elementSize*i
		head := p.data[start : start+elementSize]
		e := &elements[i]
		var position, keySize, valueSize uint32
		if p.flags == leafPage {
			e.flags, position = order.Uint32(head), order.Uint32(head[4:])
			keySize, valueSize = order.Uint32(head[8:]), order.Uint32(head[12:])
		} else {
			position, keySize, e.page = order.Uint32(head), order.Uint32(head[4:]), order.Uint64(head[8:])
		}
		end := uint64(next) + uint64(keySize) + uint64(valueSize)
		if start+int(position) != next || end > uint64(len(p.data)) || keySize == 0 {
			return nil, broken("entry %d of page %d is wrong", i, p.id)
		}
		e.key = p.data[next : next+int(keySize)]
		e.value = p.data[next+int(keySize) : end]
		next = int(end)
	}
	return elements, nil
}

// checkUnused finds pages that are neither used nor free: what referred to
// them is gone.
func (c *checker) checkUnused() error {
	if c.read >= checkPages {
		return nil // not all of the tree was read
	}
	for id := range c.pages {
		if !c.used[id] {
			return broken("page %d is lost", id)
		}
	}
	return nil
}
