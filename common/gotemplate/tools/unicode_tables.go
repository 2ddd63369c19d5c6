// Prints the character classes or the simple case mappings of the running Go
// release's unicode package, as sorted ranges for src/unicode/.
//
//	go run tools/unicode_tables.go class > src/unicode/class.rs
//	go run tools/unicode_tables.go case > src/unicode/case.rs
package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"unicode"
)

// A run is a set of runes lo, lo+step, … hi that share one case distance.
type run struct{ lo, hi, step, delta rune }

func class(name, doc string, in func(rune) bool) {
	var cells []string
	start := rune(-1)
	for r := rune(0); r <= unicode.MaxRune+1; r++ {
		member := r <= unicode.MaxRune && in(r)
		if member && start < 0 {
			start = r
		}
		if !member && start >= 0 {
			cells = append(cells, fmt.Sprintf("(0x%X, 0x%X)", start, r-1))
			start = -1
		}
	}
	table(name, doc, "&[(u32, u32)]", cells)
}

func mapping(name, doc string, in func(rune) bool, to func(rune) rune) {
	var runs []run
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if !in(r) {
			continue
		}
		delta := to(r) - r
		if n := len(runs); n > 0 {
			last := &runs[n-1]
			gap := r - last.hi
			single := last.lo == last.hi
			if last.delta == delta && (single && gap <= 2 || !single && gap == last.step) {
				last.hi, last.step = r, gap
				continue
			}
		}
		runs = append(runs, run{r, r, 1, delta})
	}
	var cells []string
	for _, x := range runs {
		cells = append(cells, fmt.Sprintf("(0x%X, 0x%X, %d, %d)", x.lo, x.hi, x.step, x.delta))
	}
	table(name, doc, "&[(u32, u32, u32, i32)]", cells)
}

func table(name, doc, kind string, cells []string) {
	fmt.Printf("\n/// %s\n#[rustfmt::skip]\npub(super) const %s: %s = &[\n", doc, name, kind)
	line := "   "
	for _, cell := range cells {
		if len(line)+len(cell)+2 > 118 {
			fmt.Println(line)
			line = "   "
		}
		line += " " + cell + ","
	}
	if strings.TrimSpace(line) != "" {
		fmt.Println(line)
	}
	fmt.Println("];")
}

func header(what, file string) {
	fmt.Printf("//! Unicode %s %s, as sorted ranges.\n//!\n", unicode.Version, what)
	fmt.Println("//! Data only, and generated, so that the look-ups in the parent module stay readable.")
	fmt.Printf("//! Made by `go run tools/unicode_tables.go %s > src/unicode/%s.rs` with %s;\n", file, file, runtime.Version())
	fmt.Println("//! run it again with the Go release whose results the crate is to match, don't edit.")
}

func classes() {
	header("character classes", "class")
	class("PRINT", "What Go calls printable: letters, marks, numbers, punctuation, symbols and U+0020 (first, last).", unicode.IsPrint)
	class("LETTER", "Category L (first, last).", unicode.IsLetter)
	class("DIGIT", "Category Nd (first, last).", unicode.IsDigit)
}

func cases() {
	changed := func(to func(rune) rune) func(rune) bool {
		return func(r rune) bool { return to(r) != r }
	}
	header("simple case mappings", "case")
	mapping("UPPER", "Category Lu (first, last, step, 0).", unicode.IsUpper, func(r rune) rune { return r })
	mapping("TO_LOWER", "Lower-case mappings (first, last, step, distance).", changed(unicode.ToLower), unicode.ToLower)
	mapping("TO_UPPER", "Upper-case mappings (first, last, step, distance).", changed(unicode.ToUpper), unicode.ToUpper)
	mapping("TO_TITLE", "Title-case mappings (first, last, step, distance) where they differ from the upper-case ones.",
		func(r rune) bool { return unicode.ToTitle(r) != unicode.ToUpper(r) }, unicode.ToTitle)
}

func main() {
	switch {
	case len(os.Args) == 2 && os.Args[1] == "class":
		classes()
	case len(os.Args) == 2 && os.Args[1] == "case":
		cases()
	default:
		fmt.Fprintln(os.Stderr, "usage: unicode_tables class|case")
		os.Exit(2)
	}
}
