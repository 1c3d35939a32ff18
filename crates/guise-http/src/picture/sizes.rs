//! The sizes a picture is served in.

use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use image::DynamicImage;

use super::PictureError;

/// A size by the name clients use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Size {
    /// As uploaded.
    Orig,
    /// Fits into 2048×2048.
    Large,
    /// Fits into 1200×1200.
    Medium,
    /// Fits into 680×680.
    Small,
    /// 400×400, cropped.
    Square400,
    /// 150×150, cropped.
    Thumb,
    /// 73×73, cropped.
    Bigger,
    /// 48×48, cropped.
    Normal,
    /// 24×24, cropped.
    Mini,
}

impl Size {
    /// Every size, from the largest to the smallest.
    pub(crate) const ALL: [Self; 9] = [
        Self::Orig,
        Self::Large,
        Self::Medium,
        Self::Small,
        Self::Square400,
        Self::Thumb,
        Self::Bigger,
        Self::Normal,
        Self::Mini,
    ];

    /// Its name in URLs.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Orig => "orig",
            Self::Large => "large",
            Self::Medium => "medium",
            Self::Small => "small",
            Self::Square400 => "400x400",
            Self::Thumb => "thumb",
            Self::Bigger => "bigger",
            Self::Normal => "normal",
            Self::Mini => "mini",
        }
    }

    /// The size called `name`.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|size| size.name() == name)
    }

    const fn side(self) -> u32 {
        match self {
            Self::Orig => u32::MAX,
            Self::Large => 2048,
            Self::Medium => 1200,
            Self::Small => 680,
            Self::Square400 => 400,
            Self::Thumb => 150,
            Self::Bigger => 73,
            Self::Normal => 48,
            Self::Mini => 24,
        }
    }

    /// Whether it is cropped to a square.
    pub(crate) const fn is_square(self) -> bool {
        !matches!(self, Self::Orig | Self::Large | Self::Medium | Self::Small)
    }

    /// Width and height of a picture of `width` × `height` in this size. No size enlarges: a square of a smaller
    /// picture is as large as the picture allows.
    pub(crate) fn dimensions(self, width: u32, height: u32) -> (u32, u32) {
        let (long, short) = (width.max(height), width.min(height));
        if self.is_square() {
            let side = self.side().min(short);
            return (side, side);
        }
        if long <= self.side() {
            return (width, height);
        }
        let scaled = |side: u32| {
            let exact = u64::from(side) * u64::from(self.side());
            let rounded = (exact + u64::from(long) / 2) / u64::from(long);
            u32::try_from(rounded).unwrap_or(u32::MAX).max(1)
        };
        (scaled(width), scaled(height))
    }

    /// The size whose file is served for this one: the original where the pixels are the same.
    pub(crate) fn stored(self, width: u32, height: u32) -> Self {
        if self.dimensions(width, height) == (width, height) { Self::Orig } else { self }
    }
}

/// Scales to exactly this size.
pub(super) fn resize(
    picture: &DynamicImage,
    width: u32,
    height: u32,
) -> Result<DynamicImage, PictureError> {
    with(ResizeOptions::new(), picture, width, height)
}

/// The centre, cropped to a square and scaled to `side`.
pub(super) fn square(picture: &DynamicImage, side: u32) -> Result<DynamicImage, PictureError> {
    let (width, height) = (picture.width(), picture.height());
    let short = width.min(height);
    // Whole pixels: half of one would blur what is not scaled.
    let (left, top) = ((width - short) / 2, (height - short) / 2);
    let [left, top, short] = [left, top, short].map(f64::from);
    with(ResizeOptions::new().crop(left, top, short, short), picture, side, side)
}

fn with(
    options: ResizeOptions,
    picture: &DynamicImage,
    width: u32,
    height: u32,
) -> Result<DynamicImage, PictureError> {
    let mut resized = DynamicImage::new(width, height, picture.color());
    let options = options.resize_alg(ResizeAlg::Convolution(FilterType::CatmullRom));
    // Colour multiplied by little opacity, in eight bits and size after size, would be little colour.
    let options = options.use_alpha(false);
    let done = Resizer::new().resize(picture, &mut resized, &options);
    done.map_err(|error| PictureError::Broken(error.to_string()))?;
    Ok(resized)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_seen_in_production() {
        let sizes = |size: Size| size.dimensions(1252, 626);
        assert_eq!(sizes(Size::Small), (680, 340));
        assert_eq!(sizes(Size::Medium), (1200, 600));
        assert_eq!(sizes(Size::Large), (1252, 626));
        assert_eq!(sizes(Size::Thumb), (150, 150));
        assert_eq!(Size::Large.stored(1252, 626), Size::Orig);
        assert_eq!(Size::Small.stored(1252, 626), Size::Small);
    }

    #[test]
    fn no_size_enlarges_or_vanishes() {
        assert_eq!(Size::Square400.dimensions(30, 50), (30, 30));
        assert_eq!(Size::Small.dimensions(10_000, 2), (680, 1));
        assert_eq!(Size::Mini.stored(24, 24), Size::Orig);
    }
}
