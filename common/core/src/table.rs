//! Tables for people, drawn as kubectl draws its own.
//!
//! Takes rows of cells, gives lines with aligned columns. Separate because several commands list things.

use crate::printable;

/// The rows, the first of which is the heading, with three blanks between columns.
///
/// Rows may be shorter than others; nothing stands behind a line's last cell, and each row is one line.
pub fn draw(rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = Vec::new();
    for row in rows {
        widths.resize(widths.len().max(row.len()), 0);
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(printable::line(cell).chars().count());
        }
    }
    let mut text = String::new();
    for row in rows {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{:<width$}", printable::line(cell)))
            .collect();
        text.push_str(cells.join("   ").trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::draw;

    #[test]
    fn a_cell_forges_no_row() {
        let rows = [vec!["a\nb\u{1b}[2J".to_owned(), "c".to_owned()]];
        assert_eq!(draw(&rows), "a b\u{fffd}[2J   c\n");
    }

    #[test]
    fn columns_are_aligned_by_characters() {
        let rows = [vec!["NAME", "X"], vec!["имя", "1"], vec!["long-name", ""], vec![]];
        let rows = rows.map(|row| row.into_iter().map(str::to_owned).collect());
        assert_eq!(draw(&rows), "NAME        X\nимя         1\nlong-name\n\n");
    }
}
